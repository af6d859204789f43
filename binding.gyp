{
  # The same sources as CMakeLists.txt, for a machine without CMake. scripts/setup.mjs runs node-gyp on this file.
  "target_defaults": {
    "include_dirs": ["native", "<!@(node -p \"require('node-addon-api').include_dir\")"],
    "defines": ["NAPI_VERSION=8", "NABLA_VERSION=\"<!(node -p \"require('./package.json').version\")\""],
    # node-gyp's defaults forbid exceptions and RTTI and pick an older standard.
    "cflags!": ["-fno-exceptions", "-fno-strict-aliasing"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": [
      "-std=c++20", "-O3", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
      "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"
    ],
    "conditions": [
      ["OS == 'linux'", {
        "ldflags": [
          "-Wl,--version-script=<!(node -p \"require('path').resolve('native/addon/exports.map')\")"
        ]
      }]
    ],
    "xcode_settings": {
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_ENABLE_CPP_RTTI": "YES",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "MACOSX_DEPLOYMENT_TARGET": "11.0",
      "OTHER_CPLUSPLUSFLAGS": ["-O3", "-ffp-contract=off", "-fno-math-errno"]
    }
  },
  "targets": [
    {
      "target_name": "nabla_core",
      "type": "static_library",
      "sources": ["<!@(node scripts/list-sources.cjs program exec kernels simd random vectors)"],
      # GCC: independent chains of instructions side by side, as in CMakeLists.txt.
      "conditions": [["OS == 'linux'", { "cflags_cc": ["-fschedule-insns", "-fsched-pressure"] }]]
    },
    {
      "target_name": "nabla",
      "dependencies": ["nabla_core"],
      "sources": ["<!@(node scripts/list-sources.cjs addon)"],
      "conditions": [
        ["OS == 'linux'", {
          "defines": ["NABLA_OLD_GLIBC"],
          "ldflags": [
            "-static-libstdc++", "-Wl,--gc-sections",
            "-Wl,--wrap=pthread_create,--wrap=pthread_join,--wrap=pthread_once,--wrap=__pthread_key_create"
          ]
        }]
      ]
    },
    {
      "target_name": "nabla_testing",
      "dependencies": ["nabla_core"],
      "sources": ["<!@(node scripts/list-sources.cjs testing)"]
    }
  ]
}
