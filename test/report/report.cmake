halfwave_test(report axis_test.cc comparison_report_test.cc line_chart_test.cc plot_panel_test.cc plot_svg_test.cc plot_text_test.cc sheet_test.cc svg_test.cc)
