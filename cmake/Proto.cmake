# weir_proto(): compiles the messages of every proto/weir/**/*.proto into weir::proto. The services' generated
# stubs are left out: common/rpc carries calls as bytes and reads the services' descriptors, which are in there too.

function(weir_proto)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/proto" "${CMAKE_SOURCE_DIR}/proto/*.proto")
  set(out "${CMAKE_BINARY_DIR}/proto")
  file(MAKE_DIRECTORY "${out}")
  set(messages)
  foreach(file IN LISTS files)
    string(REGEX REPLACE "\\.proto$" "" stem "${file}")
    set(made "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    list(APPEND messages "${out}/${stem}.pb.cc")
    add_custom_command(
      OUTPUT ${made}
      COMMAND protobuf::protoc -I "${CMAKE_SOURCE_DIR}/proto" --cpp_out=${out} "${file}"
      DEPENDS "${CMAKE_SOURCE_DIR}/proto/${file}"
      WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/proto"
      COMMENT "protoc ${file}")
  endforeach()

  # Generated code is not ours to warn about, nor to look for faults in; the protobuf it calls is
  # Debian's, without sanitizers too.
  set(quiet -w)
  if(WEIR_SANITIZE)
    list(APPEND quiet -O0 -fno-sanitize=all)
  endif()
  add_library(weir_proto STATIC ${messages})
  target_include_directories(weir_proto SYSTEM PUBLIC "${out}")
  target_link_libraries(weir_proto PUBLIC protobuf::libprotobuf)
  target_compile_options(weir_proto PRIVATE ${quiet})
  add_library(weir::proto ALIAS weir_proto)
endfunction()
