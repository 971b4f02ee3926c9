# weir_proto(): compiles every proto/weir/**/*.proto into
#   weir::proto        the messages (protobuf only)
#   weir::proto_grpc   the services (adds gRPC)

function(weir_proto)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/proto" "${CMAKE_SOURCE_DIR}/proto/*.proto")
  set(out "${CMAKE_BINARY_DIR}/proto")
  file(MAKE_DIRECTORY "${out}")
  set(messages)
  set(services)
  foreach(file IN LISTS files)
    string(REGEX REPLACE "\\.proto$" "" stem "${file}")
    set(made "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    list(APPEND messages "${out}/${stem}.pb.cc")
    set(plugin_args)
    file(STRINGS "${CMAKE_SOURCE_DIR}/proto/${file}" has_service REGEX "^service ")
    if(has_service)
      list(APPEND services "${out}/${stem}.grpc.pb.cc")
      list(APPEND made "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(plugin_args --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${made}
      COMMAND protobuf::protoc -I "${CMAKE_SOURCE_DIR}/proto" --cpp_out=${out} ${plugin_args} "${file}"
      DEPENDS "${CMAKE_SOURCE_DIR}/proto/${file}"
      WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/proto"
      COMMENT "protoc ${file}")
  endforeach()

  # Generated code is not ours to warn about.
  add_library(weir_proto STATIC ${messages})
  target_include_directories(weir_proto SYSTEM PUBLIC "${out}")
  target_link_libraries(weir_proto PUBLIC protobuf::libprotobuf)
  target_compile_options(weir_proto PRIVATE -w)
  add_library(weir::proto ALIAS weir_proto)

  add_library(weir_proto_grpc STATIC ${services})
  target_link_libraries(weir_proto_grpc PUBLIC weir_proto gRPC::grpc++)
  target_compile_options(weir_proto_grpc PRIVATE -w)
  add_dependencies(weir_proto_grpc weir_proto)
  add_library(weir::proto_grpc ALIAS weir_proto_grpc)
endfunction()
