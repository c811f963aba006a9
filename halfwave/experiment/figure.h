// What the judgements of experiments are made of: a figure of each run, and what it says beyond chance.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "halfwave/inspect/comparison.h"

namespace halfwave::experiment {

// By seed; NaN of a run that failed.
using Figures = std::vector<double>;
Figures figures(const Compared& compared, const std::function<double(const ComparedRun&)>& figure);

double mean(const Figures& values);  // of those that are numbers; NaN where none is
bool all(const Figures& values, const std::function<bool(double)>& holds);  // NaN: it does not hold
// Whether the first are larger by more than chance (rank() of the two).
bool larger(const Figures& values, const Figures& others);

// "0.52 (0.48-0.55)": mean, least and largest, in this format of fmt.
std::string text(const Figures& values, const char* format);

// Of the layers with an activation: mean share of zeros, mean size of off_centre, dead units, all units.
double zero_share(const ComparedRun& run);
double off_centre(const ComparedRun& run);
double dead(const ComparedRun& run);
double units(const ComparedRun& run);

// The net, made to fit the data (adapted()), with this hidden activation, whose name it has.
Contestant contestant(NetSpec net, const char* activation, const Dataset& data);

}  // namespace halfwave::experiment
