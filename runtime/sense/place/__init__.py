"""Where the wearer is: fixes filtered, and counted steps where there are none."""
