// Precompiled for the tests. One kind for all: a precompiled header costs a file that does not need
// Asio next to nothing, and the many that do two seconds each.
#include <gtest/gtest.h>

#include "asio.h"
