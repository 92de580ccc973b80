// Client: talking to several servers as one: choosing, failing over, hedging, retrying.
