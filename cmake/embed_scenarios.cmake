# The scenarios of the library, inside the program.
#
# Included: embed_scenarios(LIBRARY) adds to LIBRARY a source that is generated from
# scenarios/*/*.yaml and the demo's own, again whenever one of them changes. As a script
# (cmake -P), it generates it.

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB scenarios LIST_DIRECTORIES false ${SCENARIOS}/*/*.yaml
       ${SCENARIOS}/../examples/*/demo.yaml)
  list(SORT scenarios)
  set(rows "")
  foreach(scenario IN LISTS scenarios)
    get_filename_component(name ${scenario} NAME_WE)
    get_filename_component(folder ${scenario} DIRECTORY)
    get_filename_component(folder ${folder} NAME)
    file(READ ${scenario} text)
    string(APPEND rows "    {\"${folder}\", \"${name}\", R\"bs~(${text})bs~\"},\n")
  endforeach()
  file(WRITE ${OUTPUT}.new "#include \"scenario/embedded.h\"

#include <array>

namespace blackstart {
namespace {

constexpr auto kFiles = std::to_array<EmbeddedFile>({
${rows}});

}  // namespace

std::span<const EmbeddedFile> embedded_files() { return kFiles; }

}  // namespace blackstart
")
  file(RENAME ${OUTPUT}.new ${OUTPUT})
  return()
endif()

function(embed_scenarios library)
  set(folder ${CMAKE_SOURCE_DIR}/scenarios)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_scenarios.cmake)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_scenarios.cpp)
  file(GLOB scenarios CONFIGURE_DEPENDS ${folder}/*/*.yaml ${CMAKE_SOURCE_DIR}/examples/*/demo.yaml)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSCENARIOS=${folder} -DOUTPUT=${output} -P ${script}
    DEPENDS ${scenarios} ${script} VERBATIM)
  target_sources(${library} PRIVATE ${output})
endfunction()
