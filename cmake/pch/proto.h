// Precompiled for files that speak protobuf and no Asio: the commands of weirctl.
#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>

#include "std.h"
