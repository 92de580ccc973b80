// What Swift cannot say of libuv: casts between its handle and request types.
#ifndef QUORATE_CLIBUV_SHIM_H
#define QUORATE_CLIBUV_SHIM_H

#include <uv.h>

#endif
