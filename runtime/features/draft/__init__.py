"""Draft: a message in the wearer's words, ready to be sent, never sent by itself."""
