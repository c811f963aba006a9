halfwave_test(data picture_file.cc augment_test.cc cifar_test.cc csv_test.cc dataset_test.cc examine_test.cc fit_test.cc format_test.cc idx_test.cc idx_dataset_test.cc image_test.cc loader_test.cc mutation_test.cc
              normalisation_test.cc picture_dataset_test.cc picture_list_test.cc split_test.cc subset_test.cc table_test.cc)
