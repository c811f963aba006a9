halfwave_test(report axis_test.cc plot_panel_test.cc plot_svg_test.cc plot_text_test.cc svg_test.cc)
# With the sanitizers GCC 12 sees something uninitialised in its own <regex>.
set_source_files_properties(report/plot_svg_test.cc PROPERTIES COMPILE_OPTIONS
                            "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>")
