// Frontend: the clients' side of a server: connections, both dialects, admin paths, deadlines.
