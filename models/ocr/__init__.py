"""Reading text in pictures: find the lines, straighten them, read them, put them in order."""
