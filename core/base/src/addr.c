/* SPDX-License-Identifier: MIT */
#include "punch/addr.h"
