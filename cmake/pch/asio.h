// Precompiled for the shells: the standard set and Asio's costly headers.
#include <boost/asio.hpp>

#include "std.h"
