# Third-party libraries. Each header is included by exactly one source file of the folders that may (tools/check_includes.py holds us to it).
# What is missing is collected and named at once, with the packages that have it: `pip install .` is where most people meet this.
find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
find_package(SQLite3 3.37 QUIET)
find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto)
find_package(ZLIB QUIET)
pkg_check_modules(ZSTD QUIET IMPORTED_TARGET libzstd)
pkg_check_modules(LIBZIP QUIET IMPORTED_TARGET libzip)
find_library(SNAPPY_LIBRARY snappy)
find_path(SNAPPY_INCLUDE_DIR snappy-c.h)
if(LAKE_PYTHON)
  find_package(Python 3.10 QUIET COMPONENTS Interpreter Development.Module)
endif()

set(LAKE_MISSING)
set(LAKE_MISSING_DEBIAN)
set(LAKE_MISSING_BREW)

# lake_need(what Debian's-package Homebrew's-formula variables that must be true…)
function(lake_need what debian brew)
  foreach(variable IN LISTS ARGN)
    if(NOT ${variable})
      set(LAKE_MISSING ${LAKE_MISSING} ${what} PARENT_SCOPE)
      set(LAKE_MISSING_DEBIAN ${LAKE_MISSING_DEBIAN} ${debian} PARENT_SCOPE)
      set(LAKE_MISSING_BREW ${LAKE_MISSING_BREW} ${brew} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

lake_need("SQLite 3.37 or later" libsqlite3-dev sqlite SQLite3_FOUND)
lake_need("Snappy" libsnappy-dev snappy SNAPPY_LIBRARY SNAPPY_INCLUDE_DIR)
lake_need("zlib" zlib1g-dev zlib ZLIB_FOUND)
lake_need("OpenSSL 3 (libcrypto)" libssl-dev openssl@3 OPENSSL_FOUND)
lake_need("pkg-config" pkg-config pkg-config PKG_CONFIG_FOUND)
lake_need("Zstandard" libzstd-dev zstd ZSTD_FOUND)
lake_need("libzip" libzip-dev libzip LIBZIP_FOUND)
if(LAKE_PYTHON)
  lake_need("Python 3.10 or later and its headers" python3-dev python Python_FOUND Python_Development.Module_FOUND)
endif()

if(LAKE_MISSING)
  list(JOIN LAKE_MISSING ", " names)
  list(JOIN LAKE_MISSING_DEBIAN " " debian)
  list(JOIN LAKE_MISSING_BREW " " brew)
  message(FATAL_ERROR "not found: ${names}. Install what it comes in:\n"
          "    Debian, Ubuntu: apt-get install ${debian}\n"
          "    macOS:          brew install ${brew}\n"
          "    Windows:        vcpkg install (vcpkg.json names them)\n"
          "and configure again in an empty build folder.")
endif()

add_library(snappy_c INTERFACE)
target_include_directories(snappy_c SYSTEM INTERFACE ${SNAPPY_INCLUDE_DIR})
target_link_libraries(snappy_c INTERFACE ${SNAPPY_LIBRARY})
