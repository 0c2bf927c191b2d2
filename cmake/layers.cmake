# lake_layer(name SOURCES … [LIBRARIES …]): one folder of src/ as an object library.
# lake_library(): all layers so far as the static and the shared library.
set_property(GLOBAL PROPERTY LAKE_LAYERS "")

function(lake_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(lake_${name} OBJECT ${LAYER_SOURCES})
  target_include_directories(lake_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(lake_${name} PUBLIC ${LAYER_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY LAKE_LAYERS lake_${name})
endfunction()

function(lake_library)
  get_property(layers GLOBAL PROPERTY LAKE_LAYERS)
  set(objects)
  foreach(layer IN LISTS layers)
    list(APPEND objects $<TARGET_OBJECTS:${layer}>)
  endforeach()
  foreach(kind STATIC SHARED)
    string(TOLOWER ${kind} suffix)
    add_library(datalake_${suffix} ${kind} ${objects})
    target_include_directories(datalake_${suffix} PUBLIC ${PROJECT_SOURCE_DIR}/include)
    foreach(layer IN LISTS layers)
      target_link_libraries(datalake_${suffix}
        PRIVATE $<GENEX_EVAL:$<TARGET_PROPERTY:${layer},LINK_LIBRARIES>>)
    endforeach()
    target_link_libraries(datalake_${suffix} PUBLIC Threads::Threads $<$<PLATFORM_ID:Linux>:m>)
  endforeach()
  set_target_properties(datalake_static PROPERTIES OUTPUT_NAME datalake)
  set_target_properties(datalake_shared PROPERTIES OUTPUT_NAME datalake VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()
