"""Commands of a framebuffer panel over SPI with partial updates.

No public register sheet of JBD's micro-LED panels was found; these codes are MIPI DCS's (MIPI Display Command
Set 1.3 §6: column and page set as one window), which most SPI panels speak in some form.
"""

from __future__ import annotations

DISPLAY_OFF = 0x28
DISPLAY_ON = 0x29
SET_WINDOW = 0x2A  # four big-endian words: first column, first row, last column, last row
WRITE_MEMORY = 0x2C  # two pixels a byte, the left one in the high nibble, rows without padding
