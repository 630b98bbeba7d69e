//! What the messages of a reload's progress say, by their codes.

/// Makes the enum and its table of one list: the codes count from 0.
macro_rules! codes {
    ($($words:literal $name:ident,)*) => {
        /// What a progress message says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum MessageCode {
            $(#[doc = $words] $name,)*
            /// A code that this version does not know.
            Other(i64),
        }

        const CODES: &[MessageCode] = &[$(MessageCode::$name,)*];
    };
}

codes! {
    "0: nothing." Empty,
    "1: saving has started." SavingStarted,
    "2: so many bytes are left." BytesLeft,
    "3: tables are being stored." StoringTables,
    "4: so many rows of a QVD so far." QvdRowsSoFar,
    "5: the connection to a source stands." Connected,
    "6: connecting to a source." ConnectingTo,
    "7: connecting to a source failed." ConnectFailed,
    "8: a QVD is read row by row." QvdRowish,
    "9: a QVD is read column by column." QvdColumnar,
    "10: an error in the script." Error,
    "11: done." Done,
    "12: external data is being loaded." LoadExternalData,
    "13: an old QVD is being loaded." OldQvdLoading,
    "14: a QVC is being loaded." QvcLoading,
    "15: a QVD is buffered." QvdBuffered,
    "16: a QVC is being prepared." QvcPreparing,
    "17: a QVC is being appended to." QvcAppending,
    "18: synthetic keys are being removed." RemoveSynthetic,
    "19: a linked table is still to be fetched." LinkedTableFetching,
    "20: a reload." Reload,
    "21: so many lines were fetched." LinesFetched,
    "22: the search index is being built." SearchIndexStart,
    "23: the search index is at a field." SearchIndexField,
    "24: the search index is built." SearchIndexSuccess,
    "25: the search index could not be built." SearchIndexFailure,
    "26: building the search index is being given up." SearchIndexStartAbort,
    "27: building the search index was given up." SearchIndexEndAbort,
    "28: building the search index took too long." SearchIndexTimeout,
    "29: the search index does not fit into memory." SearchIndexOutOfMemory,
    "30: the reload has taken the access to the app away from who ran it." AccessDeniedAfterReload,
    "31: so many rows were updated by a merge." MergedUpdates,
    "32: so many rows were inserted by a merge." MergedInserts,
    "33: so many rows were deleted by a merge." MergedDeletes,
}

impl MessageCode {
    /// What a code says.
    pub fn of(code: i64) -> Self {
        let known = usize::try_from(code).ok().and_then(|code| CODES.get(code));
        known.copied().unwrap_or(MessageCode::Other(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read() {
        assert_eq!((MessageCode::of(0), MessageCode::of(21)), (MessageCode::Empty, MessageCode::LinesFetched));
        assert_eq!((MessageCode::of(33), MessageCode::of(34)), (MessageCode::MergedDeletes, MessageCode::Other(34)));
        assert_eq!(MessageCode::of(-1), MessageCode::Other(-1));
    }
}
