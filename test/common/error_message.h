// The text of the Error that a call throws.
#pragma once

#include <string>

#include "halfwave/base/error.h"

namespace halfwave {

template <class Call>
std::string message(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace halfwave
