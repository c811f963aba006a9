# What `cmake --install` puts where: the library, its headers, the tool, and the package for find_package.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/halfwave)
install(TARGETS halfwave EXPORT halfwave-targets)
install(TARGETS halfwave_tool)
install(EXPORT halfwave-targets NAMESPACE halfwave:: DESTINATION ${package_folder})
install(DIRECTORY halfwave DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "tool" EXCLUDE)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/halfwave-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES cmake/halfwave-config.cmake cmake/dependency.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/halfwave-config-version.cmake
        DESTINATION ${package_folder})
