// Journal: the format of what is on disk and what its absence means at opening. Pure.
