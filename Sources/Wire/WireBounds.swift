// Wire: binary frames for every message between servers. Pure, and safe against any bytes.
