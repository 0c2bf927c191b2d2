# Links what is in the package's folder into its tree in the build directory, where the extension and the program join it.
file(MAKE_DIRECTORY ${TREE}/bin)
file(GLOB sources RELATIVE ${PACKAGE} ${PACKAGE}/*)
list(REMOVE_ITEM sources __pycache__ bin)
foreach(source IN LISTS sources)
  file(CREATE_LINK ${PACKAGE}/${source} ${TREE}/${source} SYMBOLIC)
endforeach()
file(CREATE_LINK ${PROGRAM} ${TREE}/bin/dl SYMBOLIC)
