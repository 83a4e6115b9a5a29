"""From lines of text to what a shopper asks: name, price, dates, size, ingredients, allergens."""
