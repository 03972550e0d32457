//! Files that are written in an edition of protobuf, in place of proto2 and proto3: they are refused by name. Used by
//! `proto_files` and `reflection`.

use prost_types::FileDescriptorProto;

/// What is said of a file.
pub(super) const UNSUPPORTED: &str = "editions of protobuf are not supported, only proto2 and proto3 are";

/// # Errors
/// The first file in another syntax than proto2 and proto3.
pub(super) fn check<'f>(files: impl IntoIterator<Item = &'f FileDescriptorProto>) -> Result<(), String> {
    for file in files {
        match file.syntax() {
            "" | "proto2" | "proto3" => {}
            "editions" => return Err(format!("`{}` has an edition: {UNSUPPORTED}", file.name())),
            other => {
                return Err(format!(
                    "`{}` has the syntax `{other}`: only proto2 and proto3 are known",
                    file.name()
                ));
            }
        }
    }
    Ok(())
}
