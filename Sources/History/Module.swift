// History: an exact linearizability checker for swap registers.
