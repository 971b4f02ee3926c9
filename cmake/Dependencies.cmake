# Everything comes from Debian 12's archive; scripts/dev/install-packages names the packages.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(GTest REQUIRED)
find_package(benchmark CONFIG REQUIRED)

# libmnl ships no CMake package.
find_path(WEIR_MNL_INCLUDE libmnl/libmnl.h REQUIRED)
find_library(WEIR_MNL_LIBRARY mnl REQUIRED)
add_library(Mnl::mnl UNKNOWN IMPORTED GLOBAL)
set_target_properties(Mnl::mnl PROPERTIES IMPORTED_LOCATION "${WEIR_MNL_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${WEIR_MNL_INCLUDE}")
