/* SPDX-License-Identifier: MIT */
#include "punch/wire.h"
