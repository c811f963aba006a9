# The libraries taken from others; used by this build and, installed, by find_package(halfwave).
include(CMakeFindDependencyMacro)
set(OpenMP_CXX_REQUIRED TRUE)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(hwy REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(GIF REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(spng REQUIRED IMPORTED_TARGET spng)
pkg_check_modules(turbojpeg REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp)
find_path(STB_INCLUDE_DIR stb/stb_image.h REQUIRED)

# Debian's package file of oneDNN asks for OpenCL's headers, which nothing here uses: found by hand instead.
if(NOT TARGET DNNL::dnnl)
  find_path(DNNL_INCLUDE_DIR dnnl.h REQUIRED)
  find_library(DNNL_LIBRARY dnnl REQUIRED)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
endif()

set(HALFWAVE_PUBLIC_DEPENDENCIES fmt::fmt)
set(HALFWAVE_PRIVATE_DEPENDENCIES OpenMP::OpenMP_CXX DNNL::dnnl hwy::hwy tomlplusplus::tomlplusplus
    nlohmann_json::nlohmann_json ZLIB::ZLIB PkgConfig::spng PkgConfig::turbojpeg
    PkgConfig::webp GIF::GIF)
