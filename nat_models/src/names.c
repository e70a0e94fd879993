/* SPDX-License-Identifier: MIT */
#include "nat/nat.h"
