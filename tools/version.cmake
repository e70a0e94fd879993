# SPDX-License-Identifier: GPL-2.0-or-later
# Writes OUT, the source file that says which version and commit this is, when that changed.
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=7 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR commit STREQUAL "")
  set(commit unknown)
endif()
if(commit MATCHES "-dirty$") # what differs from the commit, so that results of different sources are told apart
  execute_process(COMMAND git -C "${SOURCE}" diff HEAD COMMAND git hash-object --stdin
                  OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  string(SUBSTRING "${changes}" 0 7 changes)
  string(APPEND commit "-${changes}")
endif()
set(text "/* SPDX-License-Identifier: GPL-2.0-or-later */
#include \"version.h\"
const char *const version_number = \"${VERSION}\";
const char *const version_commit = \"${commit}\";
const char *const version_date = \"${DATE}\";
const char *const version_source = \"${SOURCE}\";
")
set(old "")
if(EXISTS "${OUT}")
  file(READ "${OUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUT}" "${text}")
endif()
