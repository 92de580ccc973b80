// kvclient: the command.
