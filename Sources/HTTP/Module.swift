// HTTP: the parser of both dialects and the writer of replies. Pure: bytes in, requests and bytes out.
