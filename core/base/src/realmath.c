/* SPDX-License-Identifier: MIT */
#include "punch/realmath.h"
