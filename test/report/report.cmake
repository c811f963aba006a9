halfwave_test(report axis_test.cc comparison_report_test.cc event_file_test.cc html_test.cc line_chart_test.cc map_sheet_test.cc plot_panel_test.cc plot_svg_test.cc plot_text_test.cc raster_test.cc run_page_test.cc sheet_test.cc signed_colour_test.cc svg_test.cc)
# Debian's Selenium is for Debian's Python.
find_program(SYSTEM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(SYSTEM_PYTHON)
  add_test(NAME report.pages_in_a_browser
           COMMAND ${SYSTEM_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/report/page_check.py $<TARGET_FILE:halfwave_tool>
                   ${PROJECT_BINARY_DIR}/page_test)
  set_tests_properties(report.pages_in_a_browser PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: " TIMEOUT 300)
endif()
