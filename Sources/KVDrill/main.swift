// kvdrill: pulls plugs, and tells what came of it.
import Foundation

setvbuf(stdout, nil, _IOLBF, 0)
KVDrill.main()
