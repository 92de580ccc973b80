enum Help {
  static let version = "kvclient 0.1.0 (quorate)\n"

  static let text = """
    kvclient: read and write keys of a Quorate store.

      kvclient [-h HOST:PORT,…] -k KEY             print the value, or NULL where there is none
      kvclient [-h HOST:PORT,…] -k KEY -v VALUE    set the value, print the old one or NULL
      kvclient [-h HOST:PORT,…] -k KEY --delete    remove the key, print the old value or NULL
      kvclient status | dump | load FILE | recover

    Which servers
      -h HOST:PORT[,HOST:PORT…]  talk to these, whichever answers. Without it: the environment variable
                                 KV_HOSTS, else servers.txt (or server.txt) in the current directory.

    What to do
      -k KEY                     1 to 128 characters, no control characters, brackets or =
      -v VALUE                   0 to 2048 characters, no control characters or brackets; -v -5 is fine
      --stdin                    take the value from stdin, without its final newline
      --delete                   remove the key
      --create                   write only if the key has no value yet
      --if-match L-N             write only if the value is still that of this tag (see --json: etag)

    How sure the answer must be
      (nothing)                  linearizable if any server can; else a degraded answer, after 0.5 s
      --linearizable             linearizable or an error
      --local                    at once, from one server's own state
      --timeout SECONDS          give up after so long in all (default 5; 0.001 to 3600)

    How to print
      --raw                      the reply's body as it came, KEY=VALUE (also: KV_OUTPUT=raw)
      --json                     one line of JSON: key, value, etag, consistency, host
      --fail-missing             no value is an error (ERROR: missing, exit 1)
      --verbose                  say on stderr what is tried

    Subcommands
      status                     a line for each server
      dump                       every KEY=VALUE, one a line, sorted, as one snapshot
      load FILE                  write every KEY=VALUE line of FILE (- is stdin), in order for each key
      recover [--without HOST:PORT,…]
                                 have the servers start anew below a quorum, without those that are gone for
                                 good: possibly a loss. Only at a machine of a server. Without --without it
                                 says which servers are missing

    Whatever fails prints exactly one line on stdout, ERROR: message, and exits with
      1 missing    2 usage, nothing was sent    3 no server could be reached    4 not executed
      5 outcome unknown    6 --create or --if-match did not hold
    A write is sent again until its outcome is known, and is executed once however often it is sent.

    Examples
      kvclient -h 10.0.0.2:8081,10.0.0.3:8081 -k color -v blue
      kvclient -k color --json
      kvclient dump > backup.txt && kvclient -h other:8081 load backup.txt

    """
}
