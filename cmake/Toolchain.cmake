# One place for how every file of ours is compiled. Third-party headers are SYSTEM and stay quiet.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# -fPIE and -pthread for libraries and programs alike: one precompiled header serves all.
add_compile_options(-fPIE -pthread)
add_link_options($<$<LINK_LANGUAGE:CXX>:-pie>)

set(WEIR_SANITIZE "" CACHE STRING "Comma-separated sanitizers, as -fsanitize= takes them")
option(WEIR_FUZZ "Build libFuzzer targets" OFF)
option(WEIR_HARDEN "Compile and link with the hardening flags" OFF)

# Dev keeps tests quick to build and to run, and stack traces readable; weir_optimise() says which files go without -O1.
set(CMAKE_CXX_FLAGS_DEV "-O1 -gline-tables-only -fno-omit-frame-pointer" CACHE STRING "" FORCE)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -gline-tables-only" CACHE STRING "" FORCE)

find_program(WEIR_CCACHE ccache)
if(WEIR_CCACHE)
  # base_dir makes checkouts in different folders share results; the sloppiness is what PCH needs.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${WEIR_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wimplicit-fallthrough
                    -Wnon-virtual-dtor -Woverloaded-virtual -Werror
                    -fdiagnostics-color=always -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # no-pch-timestamp: ccache shares what was compiled with a precompiled header.
  add_compile_options(-Wthread-safety "SHELL:-Xclang -fno-pch-timestamp")
  add_link_options(-fuse-ld=lld)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} destroys temporaries of co_await expressions twice: "
                      "use clang++-19, or GCC 13 or newer")
endif()
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB
                        SPDLOG_FMT_EXTERNAL FMT_SHARED)

if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
endif()

if(WEIR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # without it the fuzzer sees no coverage
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

if(WEIR_HARDEN)
  # OpenSSF compiler options guide; nodlopen is left out because OpenSSL providers and NSS use dlopen.
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -fstack-clash-protection
                      -fstack-protector-strong -fcf-protection=full -fstrict-flex-arrays=3
                      -ftrivial-auto-var-init=zero)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
