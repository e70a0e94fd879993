# SPDX-License-Identifier: GPL-2.0-or-later
# Turns text files into a C file: -DOUT=FILE -DNAMES=report_css,... -DFILES=report.css,... Bytes, not string literals:
# C compilers need not accept literals of this length (C11 §5.2.4.1: 4095 characters).
string(REPLACE "," ";" names "${NAMES}")
string(REPLACE "," ";" files "${FILES}")
set(text "/* Made from ${FILES} when the program is built. */\n")
foreach(name file IN ZIP_LISTS names files)
  file(READ "${SOURCE}/${file}" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
  string(APPEND text "extern const char ${name}[];\nconst char ${name}[] = {\n    ${bytes}0x00};\n")
endforeach()
file(WRITE "${OUT}" "${text}")
