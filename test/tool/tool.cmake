halfwave_test(tool sample.cc activations_test.cc bench_test.cc compare_test.cc data_test.cc disk_test.cc evaluate_test.cc experiment_test.cc inspect_test.cc model_test.cc
              net_test.cc picture_data_test.cc plot_test.cc predict_test.cc report_test.cc resume_test.cc table_test.cc terminal_test.cc train_test.cc usage_test.cc)
target_compile_definitions(tool_test PRIVATE HALFWAVE_TOOL="$<TARGET_FILE:halfwave_tool>")
add_dependencies(tool_test halfwave_tool)
