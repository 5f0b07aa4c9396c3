# The C files of @name@ and how to compile them, for the build systems that are made with CMake.
set(@name@_sources
@sources@)
list(TRANSFORM @name@_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
set(@name@_options -O2 -fno-math-errno) # for speed; square roots without the C library
