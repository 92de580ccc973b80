// kvdrill: pulls plugs, and tells what came of it.
KVDrill.main()
