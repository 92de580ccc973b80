// kvnode: the server.
