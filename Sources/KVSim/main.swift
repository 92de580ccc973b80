KVSim.main()
