"""The ear: from the microphone to stretches of speech, with the time each sample was heard."""
