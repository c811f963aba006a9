# With CMAKE_UNITY_BUILD the sources of a folder are compiled as one, which takes a third of the time: headers are
# read once. So names in anonymous namespaces are unique within a folder. What stays alone: what Highway compiles
# once for each instruction set, and the folders named after the target.
function(halfwave_compile_together target)
  get_target_property(sources ${target} SOURCES)
  get_target_property(base ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${base})
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    file(STRINGS ${source} vector_code REGEX "hwy/foreach_target.h")
    if(NOT vector_code AND NOT folder IN_LIST ARGN)
      set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP ${folder})
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
