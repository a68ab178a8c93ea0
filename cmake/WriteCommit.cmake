# Run at build time: writes the commit of SOURCE_DIR into OUTPUT, touching the file only when it changed, so
# that a new commit recompiles one small source and relinks the programs, nothing else.
#   cmake -DSOURCE_DIR=… -DOUTPUT=… [-DCOMMIT=…] -P WriteCommit.cmake
if(NOT COMMIT)
  set(COMMIT "unknown")
  find_program(GIT git)
  if(GIT)
    execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse HEAD
      RESULT_VARIABLE failed OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(NOT failed)
      set(COMMIT ${head})
      execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} diff-index --quiet HEAD --
        RESULT_VARIABLE changed ERROR_QUIET OUTPUT_QUIET)
      if(changed)
        string(APPEND COMMIT "-dirty")
      endif()
    endif()
  endif()
endif()
set(content "#define SIGNET_COMMIT \"${COMMIT}\"\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT content STREQUAL before)
  file(WRITE ${OUTPUT} "${content}")
endif()
