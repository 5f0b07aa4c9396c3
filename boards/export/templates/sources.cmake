# The C files of @name@, for the build systems that are made with CMake.
set(@name@_sources
@sources@)
list(TRANSFORM @name@_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
