// UV: libuv as Swift objects. The only importer of CLibUV; every handle and request is owned here.
